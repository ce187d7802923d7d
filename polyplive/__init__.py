"""polyplive: a real-time colonoscopy overlay. Research use only; not a medical device."""

__version__ = "0.1.0"

RESEARCH_NOTICE = "Research use only. Not a medical device."

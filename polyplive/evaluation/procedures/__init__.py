"""Evaluation of whole procedures: lesions found, how soon, and false alerts."""

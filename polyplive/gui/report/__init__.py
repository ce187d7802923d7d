"""The report on paper: the page's values as a PDF, by Qt."""

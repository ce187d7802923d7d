"""Pages of HTML: templates with autoescaping, one chart helper, and one module for each page."""

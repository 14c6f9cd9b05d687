"""Charts as SVG for a page: text escaped, colours by class, each with a title and a description in words."""

"""One HTML file that holds all it shows: figures, pictures, and the library that draws them."""

from crossmargin.report.page.document import page_html

__all__ = ["page_html"]

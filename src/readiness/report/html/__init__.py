"""`report.html`: one file that shows the whole record in a browser, without a network."""

"""`report.sarif`: what is wrong and where, for code scanning (SARIF 2.1.0)."""

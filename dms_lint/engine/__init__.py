"""Rules and facts to verdicts; the cases of rules; a scan from documents to report."""

"""The report formats, a module each with `render(report, style)`."""

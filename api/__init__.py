"""The doors: HTTP and the command line. No rule of the business lives here."""

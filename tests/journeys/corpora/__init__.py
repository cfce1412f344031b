"""Mails from the wild, fed to a running suite over its own SMTP listener and read back over REST."""

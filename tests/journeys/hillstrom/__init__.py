"""A finished e-mail experiment with two mails and a hold-out, brought in over the public REST API."""

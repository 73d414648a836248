"""Signing on by OpenID Connect: one provider, as its client sees it."""

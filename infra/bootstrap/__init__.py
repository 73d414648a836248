"""The composition root: every part of an API process, built by plain constructors from settings."""

from infra.bootstrap.house import House, open_house

__all__ = ["House", "open_house"]

"""Notifications: what came to whom, for each person a list of their own."""

from .view import NOTIFICATIONS_VIEW

__all__ = ["NOTIFICATIONS_VIEW"]

"""Trackers: what runs log, sent on to other programs by processes of their own."""

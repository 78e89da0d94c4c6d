"""What ``kernel plugin new`` writes. ``package`` holds what every package has; the other folders are kinds' templates.

A template is a folder of files whose names end in ``.template``, filled in with :class:`string.Template`. A word
``__package__`` in a path becomes the name of the new package.
"""

"""Named parts of studies in files of their own, and the projects that are made of them."""

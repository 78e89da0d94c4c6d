"""What survives the process: a database of resources, and the files beside it."""

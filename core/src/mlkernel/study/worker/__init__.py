"""Workers: processes that train the runs of a study, and what they and its driver say to each other."""

"""Problems with ground truth."""

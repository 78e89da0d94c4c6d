"""The back end for models in the Hugging Face layout."""

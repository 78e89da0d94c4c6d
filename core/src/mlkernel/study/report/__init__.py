"""Reports of studies: one HTML file with pictures, Markdown, PDF."""

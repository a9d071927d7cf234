"""The pages that gather what the four apps hold, and those of the site itself."""

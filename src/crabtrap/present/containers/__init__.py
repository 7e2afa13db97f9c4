"""Items of collections, found one by one or in bulk, with the checks that they are there."""

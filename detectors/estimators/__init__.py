"""What is usual, and how far from it: estimators that learn one value after another, in the manner of River's."""

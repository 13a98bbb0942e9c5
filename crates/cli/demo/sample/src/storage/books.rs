//! The list of books. Comes with section 1.

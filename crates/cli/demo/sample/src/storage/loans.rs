//! The list of open loans. Comes with section 2.

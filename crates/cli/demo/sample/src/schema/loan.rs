//! Loans. Comes with section 2.

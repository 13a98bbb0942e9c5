//! Whole commands about loans. Come with section 2.

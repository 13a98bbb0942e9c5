//! Whole commands about books. Come with section 1.

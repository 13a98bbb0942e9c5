//! Rules for books. Come with section 1.

//! Rules for loans. Come with section 2.

//! Books. Comes with section 1.

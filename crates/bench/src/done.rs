//! What every part returns. Whoever measures is told what was wrong; nobody branches on it.

use std::error::Error;

/// A value, or what was wrong.
pub type Done<T = ()> = Result<T, Box<dyn Error>>;

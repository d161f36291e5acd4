//! The sentence a notice is about.

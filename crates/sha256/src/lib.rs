//! SHA-256, of one message or of two in interleaved lanes

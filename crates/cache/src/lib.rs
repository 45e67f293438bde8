//! Where feature sets are kept: memory and disk, bounded and with a time to live

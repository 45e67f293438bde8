//! A cached extraction without HTTP: key, tiers, single flight, admission, compute threads

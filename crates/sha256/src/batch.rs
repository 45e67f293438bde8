//! Messages together: as many lanes as there are messages, as long as that pays, and pairs of what is left.

use crate::Digest;
use crate::multi_buffer::{LANES, MultiBuffer, States};
use crate::padding::{BLOCK, Tail};
use crate::sha_ni::{INITIAL, ShaNi, State, bytes};

/// So many messages are faster in sixteen lanes than in pairs.
pub(crate) const WORTHWHILE: usize = 9;

/// A message on its way.
struct Message<'a> {
    /// Where its digest goes.
    at: usize,
    /// Whole blocks that are to come.
    blocks: &'a [[u8; BLOCK]],
    tail: Tail,
    state: State,
}

/// The digests of messages, in their order.
pub(crate) fn digests(unit: ShaNi, lanes: Option<MultiBuffer>, messages: &[&[u8]]) -> Vec<Digest> {
    let mut digests = vec![Digest::default(); messages.len()];
    let mut waiting: Vec<_> =
        messages.iter().enumerate().map(|(at, message)| Message::new(at, message)).collect();
    // The longest first, so that those that share lanes or a pair end at about the same time.
    waiting.sort_unstable_by_key(|message| std::cmp::Reverse(message.blocks.len()));
    if let Some(lanes) = lanes {
        for group in waiting.chunks_mut(LANES) {
            together(lanes, group);
        }
    }
    for pair in waiting.chunks_mut(2) {
        finish(unit, pair);
        for message in pair {
            digests[message.at] = bytes(&message.state);
        }
    }
    digests
}

impl<'a> Message<'a> {
    fn new(at: usize, message: &'a [u8]) -> Self {
        let (blocks, tail) = Tail::split(message);
        Self { at, blocks: blocks.as_chunks().0, tail, state: INITIAL }
    }
}

/// Takes up to sixteen messages, the longest first, through the lanes until too few are left.
fn together(lanes: MultiBuffer, messages: &mut [Message<'_>]) {
    let mut states = States::initial();
    let (mut running, mut done) = (messages.len(), 0);
    while running >= WORTHWHILE {
        let until = messages[running - 1].blocks.len();
        // A lane too many does what the first does, for nothing.
        let blocks = std::array::from_fn(|lane| {
            let lane = if lane < running { lane } else { 0 };
            &messages[lane].blocks[done..until]
        });
        lanes.compress(&mut states, blocks);
        done = until;
        for (lane, message) in messages[..running].iter_mut().enumerate() {
            message.state = states.lane(lane);
        }
        while running > 0 && messages[running - 1].blocks.len() == done {
            running -= 1;
        }
    }
    for message in messages {
        message.blocks = &message.blocks[done.min(message.blocks.len())..];
    }
}

/// Takes what is left of one message, or of two, into their states.
fn finish(unit: ShaNi, messages: &mut [Message<'_>]) {
    match messages {
        [first, second] => {
            let mut states = [first.state, second.state];
            unit.compress_pair(&mut states, [first.blocks, second.blocks].map(<[_]>::as_flattened));
            unit.compress_pair(&mut states, [first.tail.blocks(), second.tail.blocks()]);
            [first.state, second.state] = states;
        }
        messages => {
            for message in messages {
                let states = std::array::from_mut(&mut message.state);
                unit.compress(states, [message.blocks.as_flattened()]);
                unit.compress(states, [message.tail.blocks()]);
            }
        }
    }
}

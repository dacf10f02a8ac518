//! The highest of many numbers that change one by one.

/// How many numbers share a peak.
const BLOCK: usize = 1_024;

/// The highest of each block of numbers.
#[derive(Debug)]
pub(super) struct Peaks {
    blocks: Vec<i64>,
}

impl Peaks {
    pub(super) fn new(numbers: &[i64]) -> Peaks {
        Peaks { blocks: numbers.chunks(BLOCK).filter_map(|block| block.iter().copied().max()).collect() }
    }

    /// Looks at the blocks again in which some numbers changed.
    pub(super) fn renew(&mut self, numbers: &[i64], changed: impl Iterator<Item = u32>) {
        let mut last = None;
        for block in changed.map(|place| place as usize / BLOCK) {
            if last.replace(block) == Some(block) {
                continue;
            }
            let highest = numbers.chunks(BLOCK).nth(block).and_then(|block| block.iter().copied().max());
            if let (Some(slot), Some(highest)) = (self.blocks.get_mut(block), highest) {
                *slot = highest;
            }
        }
    }

    pub(super) fn highest(&self) -> Option<i64> {
        self.blocks.iter().copied().max()
    }
}

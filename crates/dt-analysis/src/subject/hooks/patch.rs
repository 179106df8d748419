//! Recorded patching: values of another run in place of this run's.

use dt_train::burn::prelude::*;
use dt_train::model::{ActivationCache, HookPoint, Hooks, Recorded};

/// Part of a hook point's tensor in one window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Spot {
    /// Token; for patterns the query. `None`: all.
    pub token: Option<usize>,
    /// Head. `None`: all, or the point has none.
    pub head: Option<usize>,
}

/// Replaces parts of one point's tensor, a different one in each window.
pub struct Patch<'a> {
    point: HookPoint,
    source: &'a Recorded,
    /// Window of the source that each window takes its values from, and what part.
    spots: Vec<Vec<(usize, Spot)>>,
}

impl<'a> Patch<'a> {
    /// `spots[w]` are the parts of window `w` to be replaced, each with the window of `source`
    /// whose values are taken.
    pub fn new(point: HookPoint, source: &'a Recorded, spots: Vec<Vec<(usize, Spot)>>) -> Self {
        Self {
            point,
            source,
            spots,
        }
    }

    /// Values and mask of the replacement, for a tensor of this shape.
    fn replacement(&self, dims: &[usize]) -> (Vec<f32>, Vec<bool>) {
        let window: usize = dims[1..].iter().product();
        assert_eq!(dims[0], self.spots.len(), "spots for each window");
        assert_eq!(dims[1..], self.source.dims[1..], "same shape of window");
        let mut values = vec![0.0; dims[0] * window];
        let mut mask = vec![false; dims[0] * window];
        for (w, spots) in self.spots.iter().enumerate() {
            for &(from, spot) in spots {
                let source = &self.source.values[from * window..][..window];
                self.each_run(&dims[1..], spot, |range| {
                    let place = w * window + range.start..w * window + range.end;
                    values[place.clone()].copy_from_slice(&source[range]);
                    mask[place].fill(true);
                });
            }
        }
        (values, mask)
    }

    /// Runs of values that belong to a spot within one window.
    fn each_run(&self, dims: &[usize], spot: Spot, mut f: impl FnMut(std::ops::Range<usize>)) {
        let by_head = matches!(self.point, HookPoint::AttnScores(_) | HookPoint::Pattern(_));
        // Axes of a window: [token, features], [token, head, d_head] or [head, query, key].
        let wanted = match (dims.len(), by_head) {
            (2, _) => [spot.token, None],
            (_, true) => [spot.head, spot.token],
            (_, false) => [spot.token, spot.head],
        };
        let [outer, inner, width] = match *dims {
            [a, b] => [a, 1, b],
            [a, b, c] => [a, b, c],
            _ => unreachable!("activations have rank 3 or 4"),
        };
        let takes = |wanted: Option<usize>, i: usize| wanted.is_none_or(|w| w == i);
        for i in (0..outer).filter(|&i| takes(wanted[0], i)) {
            for j in (0..inner).filter(|&j| takes(wanted[1], j)) {
                let from = (i * inner + j) * width;
                f(from..from + width);
            }
        }
    }
}

fn replace<const D: usize>(x: Tensor<D>, values: Vec<f32>, mask: Vec<bool>) -> Tensor<D> {
    let dims = x.dims();
    let device = x.device();
    let values = Tensor::<D>::from_data(TensorData::new(values, dims), &device);
    let mask = Tensor::<D, Bool>::from_data(TensorData::new(mask, dims), &device);
    x.mask_where(mask, values)
}

impl Hooks for Patch<'_> {
    fn wants(&self, point: HookPoint) -> bool {
        point == self.point
    }

    fn rank3(&mut self, _: HookPoint, x: Tensor<3>) -> Tensor<3> {
        let (values, mask) = self.replacement(&x.dims());
        replace(x, values, mask)
    }

    fn rank4(&mut self, _: HookPoint, x: Tensor<4>) -> Tensor<4> {
        let (values, mask) = self.replacement(&x.dims());
        replace(x, values, mask)
    }
}

/// Holds whole points at recorded values, window by window.
pub struct Freeze<'a> {
    cache: &'a ActivationCache,
    points: Vec<HookPoint>,
    /// Window of the cache for each window of the pass.
    windows: Vec<usize>,
}

impl<'a> Freeze<'a> {
    /// Window `w` of the pass takes the values of window `windows[w]` of the cache at `points`.
    pub fn new(cache: &'a ActivationCache, points: Vec<HookPoint>, windows: Vec<usize>) -> Self {
        Self {
            cache,
            points,
            windows,
        }
    }

    fn recorded(&self, point: HookPoint, dims: &[usize]) -> Vec<f32> {
        let source = self.cache.get(point).expect("frozen points were recorded");
        assert_eq!(dims[1..], source.dims[1..], "same shape of window");
        let window: usize = dims[1..].iter().product();
        let windows = self.windows.iter();
        windows
            .flat_map(|&w| source.values[w * window..][..window].iter().copied())
            .collect()
    }
}

impl Hooks for Freeze<'_> {
    fn wants(&self, point: HookPoint) -> bool {
        self.points.contains(&point)
    }

    fn rank3(&mut self, point: HookPoint, x: Tensor<3>) -> Tensor<3> {
        let values = self.recorded(point, &x.dims());
        Tensor::from_data(TensorData::new(values, x.dims()), &x.device())
    }

    fn rank4(&mut self, point: HookPoint, x: Tensor<4>) -> Tensor<4> {
        let values = self.recorded(point, &x.dims());
        Tensor::from_data(TensorData::new(values, x.dims()), &x.device())
    }
}

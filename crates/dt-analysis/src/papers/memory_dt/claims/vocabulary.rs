//! Statistics of the item vectors, for claims 2 to 7.

use dt_env::{Cell, Object};

use crate::Error;
use crate::maths::stats;
use crate::maths::vectors::{cosine, dot, minus, norm};
use crate::prompts::{Item, Study};
use crate::questions::geometry::{Pca, direction_from_cells, set_pca};

use crate::subject::exposure::Exposure;

type Cells = [Cell];
/// A cell and a cosine.
type CellCosine = (Cell, f64);

/// An agent's item vectors and what was seen how often.
pub(super) struct Vocabulary<'a> {
    pub embeddings: &'a [Vec<f64>],
    /// Before training.
    pub initial: Option<&'a [Vec<f64>]>,
    pub view: usize,
    pub exposure: &'a Exposure,
    pub exposed: &'a Cells,
    /// Where the first frame shows the instruction.
    pub cue: Cell,
    /// Where the frames show the targets: the first one, and the decision.
    pub targets: &'a [Vec<Cell>],
    /// Cells at which the instruction can be seen.
    pub cue_cells: &'a Cells,
    pub study: &'a Study,
}

impl Vocabulary<'_> {
    fn vector(&self, object: Object, cell: Cell) -> &[f64] {
        &self.embeddings[Item::new(object, cell).index(self.view)]
    }

    fn cosine(&self, a: (Object, Cell), b: (Object, Cell)) -> Option<f64> {
        cosine(self.vector(a.0, a.1), self.vector(b.0, b.1))
    }

    /// Spearman's rank correlation of ‖E − E₀‖ and log frames, and its permutation p.
    pub fn norms_against_exposure(&self) -> Result<Option<(f64, f64)>, Error> {
        let Some(initial) = self.initial else {
            return Ok(None);
        };
        let (mut moved, mut frames) = (Vec::new(), Vec::new());
        for object in [Object::Key, Object::Ball] {
            for n in 0..self.view * self.view {
                let item = Item::new(object, Cell::from_index(n, self.view));
                let seen = self.exposure.frames(item);
                if seen > 0 {
                    let index = item.index(self.view);
                    moved.push(norm(&minus(&self.embeddings[index], &initial[index])));
                    frames.push((seen as f64).ln());
                }
            }
        }
        let rho = stats::spearman(&moved, &frames)?;
        let test = stats::spearman_test(&moved, &frames, stats::Alternative::Greater, 9_999, 0)?;
        Ok(Some((rho, test.p)))
    }

    /// Median cosine of key and ball at exposed cells, and the AUC of these pairs (low) against
    /// key and ball at different exposed cells.
    pub fn antipodal(&self) -> Result<(f64, f64), Error> {
        let (mut same, mut other) = (Vec::new(), Vec::new());
        for &a in self.exposed {
            for &b in self.exposed {
                let cosine = self.cosine((Object::Key, a), (Object::Ball, b));
                if let Some(cosine) = cosine {
                    if a == b {
                        same.push(cosine);
                    } else {
                        other.push(cosine);
                    };
                }
            }
        }
        let down = |values: &[f64]| values.iter().map(|v| -v).collect::<Vec<f64>>();
        let auc = stats::auc(&down(&same), &down(&other))?;
        Ok((stats::median(&same)?, auc))
    }

    /// Mean same-object cosine among exposed cue cells, and the AUC against pairs of a cue cell
    /// and another exposed cell.
    pub fn cue_cluster(&self) -> Result<(f64, f64), Error> {
        let cue: Vec<_> = self.exposed_cue_cells();
        let rest = self.exposed.iter().filter(|c| !self.cue_cells.contains(c));
        let rest: Vec<_> = rest.copied().collect();
        let (mut among, mut across) = (Vec::new(), Vec::new());
        for object in [Object::Key, Object::Ball] {
            for (n, &a) in cue.iter().enumerate() {
                for &b in &cue[n + 1..] {
                    among.extend(self.cosine((object, a), (object, b)));
                }
                for &b in &rest {
                    across.extend(self.cosine((object, a), (object, b)));
                }
            }
        }
        Ok((stats::mean(&among)?, stats::auc(&among, &across)?))
    }

    fn exposed_cue_cells(&self) -> Vec<Cell> {
        let cue = self.cue_cells.iter();
        cue.filter(|c| self.exposed.contains(c)).copied().collect()
    }

    /// Share of variance of the first component, whether keys and balls are separated on it, and
    /// the left-out pairs that a fit on the other cells orders right, of how many.
    pub fn instruction_component(&self) -> Result<(f64, bool, (usize, usize)), Error> {
        let set = self.set("instruction")?;
        let pca = set_pca(self.embeddings, self.view, set)?;
        let scores = |object| {
            let items = pca.items.iter().zip(&pca.scores);
            items
                .filter(move |(i, _)| i.object == object)
                .map(|(_, s)| s[0])
        };
        let lowest_key = scores(Object::Key).fold(f64::INFINITY, f64::min);
        let highest_ball = scores(Object::Ball).fold(f64::NEG_INFINITY, f64::max);
        let mut right = 0;
        for &left_out in &set.cells {
            let items: Vec<Item> = pca
                .items
                .iter()
                .copied()
                .filter(|i| i.cell != left_out)
                .collect();
            let fitted = Pca::fit(self.embeddings, self.view, &items, &[])?;
            let score = |object| fitted.project(self.vector(object, left_out), 0);
            right += usize::from(score(Object::Key) > score(Object::Ball));
        }
        Ok((
            pca.explained_variance_ratio[0],
            lowest_key > highest_ball,
            (right, set.cells.len()),
        ))
    }

    fn set(&self, name: &str) -> Result<&crate::prompts::ItemSet, Error> {
        self.study
            .item_set(name)
            .ok_or_else(|| Error::Question(format!("the study has no item set called `{name}`")))
    }

    /// Cosines of key − ball at other exposed cue cells with the direction of the cue's own cell.
    pub fn smearing(&self) -> Result<Vec<CellCosine>, Error> {
        let own = direction_from_cells(
            self.embeddings,
            self.view,
            (Object::Key, Object::Ball),
            &[self.cue],
        )?;
        let cells = self
            .exposed_cue_cells()
            .into_iter()
            .filter(|c| *c != self.cue);
        Ok(cells
            .filter_map(|cell| {
                let difference = minus(
                    self.vector(Object::Key, cell),
                    self.vector(Object::Ball, cell),
                );
                let length = norm(&difference);
                (length > 0.0).then(|| (cell, dot(&difference, &own) / length))
            })
            .collect())
    }

    /// Share of variance of the target items' first two components; mean absolute cosine within
    /// each frame's targets, and across frames.
    pub fn target_features(&self) -> Result<(f64, Vec<f64>, f64), Error> {
        let pca = set_pca(self.embeddings, self.view, self.set("target")?)?;
        let ratio = pca.explained_variance_ratio.iter().take(2).sum();
        let items = |cells: &Cells| -> Vec<(Object, Cell)> {
            [Object::Key, Object::Ball]
                .into_iter()
                .flat_map(|o| cells.iter().map(move |&c| (o, c)))
                .collect()
        };
        let groups: Vec<_> = self.targets.iter().map(|cells| items(cells)).collect();
        let (mut within, mut across) = (Vec::new(), Vec::new());
        for (g, group) in groups.iter().enumerate() {
            let mut own = Vec::new();
            for (n, &a) in group.iter().enumerate() {
                for &b in &group[n + 1..] {
                    own.extend(self.cosine(a, b).map(f64::abs));
                }
                for &b in groups[g + 1..].iter().flatten() {
                    across.extend(self.cosine(a, b).map(f64::abs));
                }
            }
            within.push(stats::mean(&own)?);
        }
        Ok((ratio, within, stats::mean(&across)?))
    }
}

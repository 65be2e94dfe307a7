// Package sampling decides whom to visit this year so that the visits are a
// cross-section of all customers: it freezes the customer list (the frame), puts
// customers into strata, shares out the visits, and draws by permanent random
// numbers from a committed seed. Every customer's record says how likely it was
// to be taken and what it stands for, so anybody can replay the draw.
//
// A year goes: MakeBands and Bands.Mark, Freeze, Admit, MakeRecord (or Select),
// Adjust where somebody has a reason, Deal, Replace for every refusal; and for the
// proof Represent, Redraws, ComparePicked and Respond. Measure says what answers
// allow to say.
//
// What decides who is visited is computed in integers (or in exact comparisons
// of fixed binary numbers), never in rounded arithmetic, so the same frame,
// design and seed give the same selection on every machine. Floating point is
// used in what is shown (distances, intervals, effective sizes), and where every
// single step is rounded alike everywhere (borders of size bands, raking).
package sampling

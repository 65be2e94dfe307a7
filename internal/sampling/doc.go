// Package sampling decides whom to visit this year so that the visits are a
// cross-section of all customers: it freezes the customer list (the frame), puts
// customers into strata, shares out the visits, and draws by permanent random
// numbers from a committed seed. Every customer's record says how likely it was
// to be taken and what it stands for, so anybody can replay the draw.
//
// What decides who is visited is computed in integers (or in exact comparisons
// of fixed binary numbers), never in rounded arithmetic, so the same frame,
// design and seed give the same selection on every machine. Floating point is
// used only in what is shown: distances, intervals, effective sizes.
package sampling

package sampling

import (
	"container/heap"
	"slices"
)

// merged is one step of merging: the members of the two groups, each sorted, the
// group with the lower first member first.
type merged struct {
	a, b         []int
	sizeA, sizeB int
}

// merge joins small groups until each is large enough or one is left. Ordered
// groups: the smallest joins its smaller neighbour. Others: the two smallest
// join. Ties go to the lower first member. It looks at sizes only, which are
// known before any visit, never at what anybody said.
func merge(sizes []int, enough func(size int) bool, ordered bool) (groups [][]int, log []merged) {
	m := merger{next: make([]int, len(sizes)), before: make([]int, len(sizes)), dead: make([]bool, len(sizes)),
		sizes: slices.Clone(sizes), members: make([][]int, len(sizes)), alive: len(sizes)}
	for i := range sizes {
		m.next[i], m.before[i], m.members[i] = i+1, i-1, []int{i}
		m.queue = append(m.queue, candidate{sizes[i], i})
	}
	heap.Init(&m.queue)
	for m.alive > 1 {
		a := m.pop()
		if enough(m.sizes[a]) {
			break
		}
		b := 0
		if ordered {
			b = m.neighbour(a)
		} else {
			b = m.pop()
		}
		log = append(log, m.join(min(a, b), max(a, b)))
	}
	for i := range sizes {
		if !m.dead[i] {
			groups = append(groups, m.members[i])
		}
	}
	return groups, log
}

// merger keeps the groups under their first member, linked in order.
type merger struct {
	queue        candidates
	sizes        []int
	members      [][]int
	next, before []int
	dead         []bool
	alive        int
}

// pop gives the smallest group; entries of groups that have grown since are
// passed over.
func (m *merger) pop() int {
	for {
		c := heap.Pop(&m.queue).(candidate)
		if !m.dead[c.first] && m.sizes[c.first] == c.size {
			return c.first
		}
	}
}

func (m *merger) neighbour(i int) int {
	l, r := m.before[i], m.next[i]
	if r >= len(m.sizes) || l >= 0 && m.sizes[l] <= m.sizes[r] {
		return l
	}
	return r
}

// join puts group b into a, where a has the lower first member. With ordered
// groups the two are adjacent; the links of others are not used.
func (m *merger) join(a, b int) merged {
	step := merged{m.members[a], m.members[b], m.sizes[a], m.sizes[b]}
	all := append(slices.Clone(m.members[a]), m.members[b]...)
	slices.Sort(all)
	m.members[a], m.members[b], m.dead[b] = all, nil, true
	m.sizes[a] += m.sizes[b]
	l, r := m.before[b], m.next[b]
	if l >= 0 {
		m.next[l] = r
	}
	if r < len(m.before) {
		m.before[r] = l
	}
	m.alive--
	heap.Push(&m.queue, candidate{m.sizes[a], a})
	return step
}

type candidate struct{ size, first int }

// candidates is a heap of groups, the smallest on top.
type candidates []candidate

func (c candidates) Len() int { return len(c) }
func (c candidates) Less(i, j int) bool {
	return c[i].size < c[j].size || c[i].size == c[j].size && c[i].first < c[j].first
}
func (c candidates) Swap(i, j int) { c[i], c[j] = c[j], c[i] }
func (c *candidates) Push(x any)   { *c = append(*c, x.(candidate)) }
func (c *candidates) Pop() any {
	last := (*c)[len(*c)-1]
	*c = (*c)[:len(*c)-1]
	return last
}

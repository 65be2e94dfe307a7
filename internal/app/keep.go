package app

import (
	"context"
	"time"
)

// keepEvery is how soon after a change the plans that people ask about are laid out anew:
// before most people have turned to the next page. Where one change follows another, that
// takes one part in keepShare of a processor at most.
const (
	keepEvery = 200 * time.Millisecond
	keepShare = 6
)

// keepUp lays out anew what has changed of the plans that people ask about, until the
// program stops. Every process does so for its own people: what is laid out is in memory.
func (a *App) keepUp(ctx context.Context) {
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	a.onStop("plans", func(context.Context) error {
		stop()
		<-done
		return nil
	})
	go func() {
		defer close(done)
		next := time.NewTimer(keepEvery)
		defer next.Stop()
		for {
			select {
			case <-working.Done():
				return
			case began := <-next.C:
				if err := a.Flow.KeepUp(working); err != nil && working.Err() == nil {
					a.log.Warn("plans are not laid out ahead", "error", err)
				}
				next.Reset(max(keepEvery, (keepShare-1)*time.Since(began)))
			}
		}
	}()
}

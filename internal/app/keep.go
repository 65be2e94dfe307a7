package app

import (
	"context"
	"time"
)

// keepEvery is how soon after a change the plans that people ask about are laid out anew.
const keepEvery = time.Second

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
		tick := time.NewTicker(keepEvery)
		defer tick.Stop()
		for {
			select {
			case <-working.Done():
				return
			case <-tick.C:
				if err := a.Flow.KeepUp(working); err != nil && working.Err() == nil {
					a.log.Warn("plans are not laid out ahead", "error", err)
				}
			}
		}
	}()
}

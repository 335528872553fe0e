/**
 * The shapes that travel between the server and this dashboard, as `docs/protocol.md` has them.
 * Nothing here runs; the other modules import these names for `tsc --checkJs`.
 */

/**
 * @typedef {"PENDING"|"STARTED"|"PROGRESS"|"RETRY"|"REVOKING"|"SUCCESS"|"FAILURE"|"REVOKED"|"LOST"}
 *   State
 */

/**
 * @typedef {object} Meta
 * @property {number} iteration
 * @property {number|null} total
 * @property {number} completion  0 to 100
 * @property {string} status
 * @property {string} message
 * @property {string|null} error
 */

/**
 * @typedef {object} Attempt
 * @property {number} attempt
 * @property {string|null} worker
 * @property {number|null} started_at
 * @property {number|null} finalized_at
 * @property {State} state
 * @property {string|null} error
 */

/**
 * @typedef {object} Node
 * @property {string} path  "" is the root, "0.2" the third child of the first child
 * @property {string} parent
 * @property {string} task_id
 * @property {string} name
 * @property {string} label
 * @property {"child"|"parent"} kind
 * @property {State} state
 * @property {Meta} meta
 * @property {number} attempt  from 1
 * @property {Attempt[]} attempts  the earlier ones
 * @property {string|null} worker
 * @property {string|null} queue
 * @property {string|null} waiting  why it has not started
 * @property {number} children
 * @property {unknown[]|null} args
 * @property {Record<string, unknown>|null} kwargs
 * @property {number|null} queued_at  ms of the server's clock, like all times
 * @property {number|null} started_at
 * @property {number|null} finalized_at
 * @property {unknown} value
 * @property {string|null} traceback
 * @property {string[]} omitted  fields left out for their size
 * @property {Revoke|null} [revoke]  only of a task that was asked to stop itself, not by what it is under
 */

/** @typedef {{requested_at: number, by: string, reason: string|null}} Revoke */

/**
 * @typedef {object} Run
 * @property {string} id
 * @property {string} name
 * @property {string|null} label
 * @property {string[]} tags
 * @property {Record<string, unknown>|null} kwargs
 * @property {State} state
 * @property {Meta} meta
 * @property {string[]|null} steps
 * @property {string} epoch
 * @property {number} seq
 * @property {number} created_at
 * @property {number|null} started_at
 * @property {number|null} finalized_at
 * @property {unknown} value
 * @property {string|null} traceback
 * @property {string[]} omitted
 * @property {Revoke|null} revoke
 * @property {Partial<Record<State, number>>} counts
 * @property {string|null} rerun_of
 * @property {number} [retried_at]  when its present try began; only of a run that was retried
 */

/** @typedef {{epoch: string, seq: number, run: Run, nodes: Node[], complete: boolean}} Snapshot */

/** @typedef {{seq: number, at: number, run?: Run, node?: Node}} Event */

/** @typedef {{run_id: string, epoch: string, from: number, to: number, events: Event[]}} Batch */

/**
 * How a run of a parent ended, and how it came there.
 * @typedef {object} RecentEnd
 * @property {string} run_id
 * @property {State} state
 * @property {number} ended_at
 * @property {number|null} duration  ms; null: it never began, or was retried
 * @property {number[]} [marks]  ms after which it had first come to 10, 20, … 90 %
 */

/**
 * @typedef {object} Parent
 * @property {string} name
 * @property {string} doc
 * @property {Schema} schema
 * @property {string[]|null} steps
 * @property {RecentEnd[]} [recent]  newest first
 */

/**
 * The part of JSON Schema the start form draws; anything else becomes a JSON text field.
 * @typedef {object} Schema
 * @property {string|string[]} [type]
 * @property {string} [title]
 * @property {string} [description]
 * @property {Schema|boolean} [additionalProperties]
 * @property {unknown} [default]
 * @property {string} [format]
 * @property {boolean} [writeOnly]
 * @property {unknown[]} [enum]
 * @property {unknown} [const]
 * @property {number} [minimum]
 * @property {number} [maximum]
 * @property {number} [exclusiveMinimum]
 * @property {number} [exclusiveMaximum]
 * @property {number} [minLength]
 * @property {number} [maxLength]
 * @property {Record<string, Schema>} [properties]
 * @property {string[]} [required]
 * @property {Schema} [items]
 * @property {Schema[]} [anyOf]
 * @property {Schema[]} [oneOf]
 * @property {string} [$ref]
 * @property {Record<string, Schema>} [$defs]
 */

/** @typedef {{path: string, message: string}} FieldProblem */

/** @typedef {{code: string, message: string, fields?: FieldProblem[]}} Problem */

/** @typedef {{run_id: string, code: string, message: string}} BulkFailure */

/**
 * @typedef {object} Bulk
 * @property {string} id
 * @property {"revoke"|"retry"|"delete"} action
 * @property {string} by
 * @property {number} total
 * @property {number} done
 * @property {number} failed
 * @property {BulkFailure[]} failures  the first 20
 * @property {number} created_at
 * @property {number|null} finalized_at
 */

/** @typedef {{run_id: string, path: string, name?: string}} Running */

/**
 * @typedef {object} Worker
 * @property {string} name
 * @property {string} host
 * @property {number} pid
 * @property {number} slots
 * @property {string[]} queues  that it takes from
 * @property {Running[]} running
 * @property {boolean} stopping
 * @property {number} seen_at
 */

/**
 * @typedef {object} Queue
 * @property {string} name
 * @property {number} length
 * @property {number} consumers
 * @property {string|null} waiting  why what is in it waits, where no worker consumes it
 * @property {string|null} problem  why its length can't be told; that is 0 then
 */

/**
 * @typedef {object} Workers
 * @property {Worker[]} watchers
 * @property {Worker[]} compute
 * @property {Queue[]} queues
 * @property {number} now  ms by the server's clock
 * @property {number} ttl  seconds (s) of silence after which a worker counts as dead
 */

/** @typedef {"live"|"behind"|"lost"} Connection */

export {};

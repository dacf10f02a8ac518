# frozen_string_literal: true

# Run with the folder of the generated vsm.rb on the load path. A test is a block that raises when something is wrong.

require 'json'
require 'open3'
require 'stringio'
require 'tmpdir'
require 'vsm'

ROOT = File.expand_path('../../..', __dir__)
SHIP_DATE = File.join(ROOT, 'examples/ruby/ship_date.rb')
$passed = 0
$failed = 0

def test(name)
  yield
  $passed += 1
rescue StandardError => e
  $failed += 1
  puts "FAILED #{name}: #{e.class}: #{e.message}", e.backtrace.grep(/vsm_tests/).first(2)
end

def equal(expected, actual)
  raise "expected #{expected.inspect}, got #{actual.inspect}" unless expected == actual
end

def refused(kind)
  yield
rescue kind => e
  e
else
  raise "expected #{kind}, but nothing was raised"
end

# Where `actual` lacks something of `expected` or has it otherwise: the first place, or nil.
def difference(expected, actual, path = 'the answer')
  case [expected, actual]
  in [Hash, Hash]
    expected.each_key.lazy.filter_map { |key| difference(expected[key], actual[key], "#{path}.#{key}") }.first
  in [Array, Array] if expected.size == actual.size
    expected.each_index.lazy.filter_map { |n| difference(expected[n], actual[n], "#{path}[#{n}]") }.first
  in [Numeric, Numeric]
    near = (expected - actual).abs <= 1e-9 * [expected.abs, actual.abs].max
    near ? nil : "#{path} should be #{expected}, is #{actual}"
  else
    expected == actual ? nil : "#{path} should be #{expected.inspect}, is #{actual.inspect}"
  end
end

def same(expected, actual)
  found = difference(expected, actual)
  raise found if found
end

NOON = Time.utc(2026, 3, 2, 12, 0, 0, 123_000)

def event(id, item, **rest)
  Vsm::Event.new(source: 'plan', id: id, occurred_at: NOON, item: item, **rest)
end

test 'a typed event is taken and read back' do
  stream = Vsm::ValueStream.new
  set = Vsm::Fields.new(title: "\u202Eصك", estimate_ms: 3_600_000, due_at: Time.utc(1969, 12, 31, 23, 59, 59, 999_000),
                        attributes: { 'Squad' => 'Blue' })
  link = Vsm::Link.new(kind: Vsm::LinkKind::DEPENDS_ON, to: 'plan:F2', lag_ms: -5)
  said = event('1', 'plan:F1', kind: Vsm::Kind::FEATURE, set: set, links: [link])
  equal true, stream.apply(said)
  equal false, stream.apply(said)
  equal set, stream.item('plan:F1').fields
  equal [said], stream.history('plan:F1')
  equal %w[plan:F1], stream.items(Vsm::Kind::FEATURE)
  equal %w[plan:F1 plan:F2], stream.items
  equal NOON, stream.history('plan:F1').first.occurred_at
end

test 'errors are classes with code, message and what they are about' do
  stream = Vsm::ValueStream.new
  error = refused(Vsm::VsmError::UnknownItem) { stream.item('plan:Z') }
  equal ['unknown_item', 'plan:Z'], [error.code, error.id]
  equal true, error.message.include?('plan:Z')
  needs = ->(id, item, other) { event(id, item, links: [Vsm::Link.new(kind: Vsm::LinkKind::DEPENDS_ON, to: other)]) }
  stream.apply(needs.call('1', 'plan:A', 'plan:B'))
  error = refused(Vsm::VsmError::Cycle) { stream.apply(needs.call('2', 'plan:B', 'plan:A')) }
  equal 3, error.path.size
  equal 1, stream.event_count
  error = refused(Vsm::VsmError::Invalid) { stream.apply(event('3', "plan:\0")) }
  equal 'item', error.field
  refused(Vsm::VsmError::Document) { Vsm::ValueStream.from_snapshot('{') }
  refused(Vsm::VsmError::ReadOnly) { stream.as_of(NOON, NOON).apply(event('4', 'plan:C')) }
  error = refused(Vsm::VsmError::UnknownZone) do
    Vsm.working_time_between(Vsm::Calendar.new(zone: 'Nowhere'), NOON, NOON)
  end
  equal 'Nowhere', error.zone
end

test 'bad input is reported with its line' do
  report = Vsm::ValueStream.new.apply_json_lines("{\"source\":\"plan\"\n#{'[' * 100_000}\n\xFF")
  equal [1, 2, 3], report.refused.map(&:position)
end

test 'trains and working time' do
  train = Vsm::Cadence.new(departure: Time.utc(2026, 1, 6), every_days: 14)
  equal Time.utc(2026, 3, 17), Vsm.next_departure(train, Time.utc(2026, 3, 4))
  equal nil, Vsm.next_departure(Vsm::Cadence.new(departure: Time.utc(2026, 1, 6)), Time.utc(2026, 3, 4))
  freeze = Vsm::Blackout.new(start: Time.utc(2026, 12, 25), _end: Time.utc(2026, 12, 28))
  calendar = Vsm::Calendar.new(zone: 'UTC', blackouts: [freeze])
  equal Time.utc(2026, 12, 30), Vsm.add_working_time(calendar, Time.utc(2026, 12, 24), 3 * 86_400_000)
end

test 'a metric is kept up to date, and is that of counting anew' do
  stream = Vsm::ValueStream.new
  ask = ->(metric) { Vsm::MetricQuery.new(metric: metric, start: Time.utc(2026, 3, 2), _end: Time.utc(2026, 3, 16), zone: 'UTC') }
  live = stream.live_metric(ask.call('throughput'))
  done = { kind: Vsm::Kind::STORY, set: Vsm::Fields.new(state: Vsm::FlowState::DONE) }
  2.times { |n| stream.apply(event("done/#{n}", "plan:#{n}", **done)) }
  equal 2, live.follow(stream)
  equal [2.0], live.update(stream).rows.map(&:value)
  equal [ask.call('throughput'), []], [live.query, live.update(stream).rows]
  equal [stream.metric(live.query), stream.metric_state(live.query)], [live.table(stream), live.state(stream)]
  equal 'stream', refused(Vsm::VsmError::Invalid) { live.update(Vsm::ValueStream.new) }.field
  equal 'metric', refused(Vsm::VsmError::Invalid) { stream.live_metric(ask.call('luck')) }.field
end

DAY = 86_400_000

def activity(id, days)
  Vsm::NetworkActivity.new(id: id, duration_ms: days * DAY)
end

def network(**rest)
  Vsm::NetworkQuery.new(start: Time.utc(2026, 3, 2), activities: [activity('build', 2), activity('test', 3)],
                        dependencies: [Vsm::NetworkDependency.new(from: 'build', to: 'test')], **rest)
end

test 'a schedule is kept up to date' do
  equal %w[build test], Vsm.schedule(network).path
  live = Vsm::LiveSchedule.new(network)
  changes = live.change(Vsm::NetworkChange.new(activities: [activity('build', 4)]))
  equal [2 * DAY, %w[build test]], [changes.moved_by_ms, changes.moved.map(&:item)]
  equal Time.utc(2026, 3, 9), live.finish
  equal Vsm.schedule(live.network), live.critical_path
end

test 'a change of a schedule that is refused changes nothing' do
  live = Vsm::LiveSchedule.new(network)
  back = Vsm::NetworkChange.new(dependencies: [Vsm::NetworkDependency.new(from: 'test', to: 'build')])
  equal 3, refused(Vsm::VsmError::Cycle) { live.change(back) }.path.size
  error = refused(Vsm::VsmError::UnknownItem) { live.change(Vsm::NetworkChange.new(removed_activities: ['x'])) }
  equal %w[unknown_item x], [error.code, error.id]
  equal [network, Vsm.schedule(network)], [live.network, live.critical_path]
  refused(Vsm::VsmError::Invalid) { Vsm::LiveSchedule.new(network(calendar: 'office')) }
end

test 'a snapshot restores the stream, byte for byte' do
  stream = Vsm::ValueStream.new
  stream.apply(event('1', 'plan:F1'))
  equal stream.snapshot, Vsm::ValueStream.from_snapshot(stream.snapshot).snapshot
  equal 1, stream.copy.event_count
end

def snake(name)
  name.gsub(/(?<=[a-z0-9])[A-Z]/) { |capital| "_#{capital}" }.downcase
end

api = JSON.parse(File.read(File.join(ROOT, 'tests/api.json')))

api['records'].each do |name, record|
  test "class #{name}" do
    members = record['fields'].map do |field, type|
      field = "#{field}_ms" if type.include?('span')
      %w[end].include?(field) ? :"_#{field}" : field.to_sym
    end
    equal [], members - Vsm.const_get(name).instance_methods(false)
  end
end

api['enums'].each do |name, words|
  test "enum #{name}" do
    values = Vsm.const_get(name)
    equal words, values.constants.sort_by { |word| values.const_get(word) }.map { |word| word.to_s.downcase }
  end
end

test 'every call by name has a method or a function' do
  sentence = refused(Vsm::VsmError::Invalid) { Vsm::ValueStream.new.call('?', '{}') }.message
  calls = sentence.split('is not one of ').last.split(', ').map(&:to_sym)
  equal true, calls.size > 10
  equal [], calls - Vsm::ValueStream.instance_methods(false) - Vsm.methods(false)
end

# The vectors that every language runs, here by name and JSON; Kotlin and Python run them through the types.
folders = [File.join(ROOT, 'tests/vectors'), *ENV.fetch('VSM_VECTORS', '').split(File::PATH_SEPARATOR)]
folders.reject(&:empty?).each do |folder|
  Dir[File.join(folder, '**/*.json')].sort.each do |file|
    vector = JSON.parse(File.read(file))
    stream = Vsm::ValueStream.new
    test "#{file} can be applied" do
      report = stream.apply_json_lines((vector['events'] || []).map { |it| JSON.generate(it) }.join("\n"))
      counts = { 'accepted' => report.accepted, 'duplicates' => report.duplicates }
      refused = report.refused.map { |it| { 'position' => it.position, 'code' => it.code, 'reason' => it.reason } }
      expected = vector.fetch('applied', { 'refused' => [] }).slice('accepted', 'duplicates', 'refused')
      expected['refused']&.each { |it| it.delete('event') }
      same expected, counts.merge('refused' => refused)
    end
    (vector['calls'] || []).each_with_index do |call, n|
      test "#{file}, call #{n}" do
        args = (call['args'] || {}).merge(call.slice('as_of'))
        answer = begin
          { 'expect' => JSON.parse(stream.call(call['call'], JSON.generate(args))) }
        rescue Vsm::VsmError::UnknownItem, Vsm::VsmError::Cycle, Vsm::VsmError::Invalid, Vsm::VsmError::UnknownZone,
               Vsm::VsmError::Document, Vsm::VsmError::Conflict, Vsm::VsmError::ReadOnly, Vsm::VsmError::Horizon => e
          { 'error' => { 'code' => e.code, 'message' => e.message } }
        end
        same call.slice('expect', 'error'), answer
      end
    end
    test "#{file}, snapshot" do
      equal stream.snapshot, Vsm::ValueStream.from_snapshot(stream.snapshot).snapshot
    end
  end
end

# Ends the reading of a file once a few events are taken.
class Enough < Vsm::IngestListener
  def on_progress(now)
    now.accepted < 4
  end
end

test 'a stream in a store goes on where it ended, and a file is read into it' do
  Dir.mktmpdir do |folder|
    file = File.join(folder, 'events.jsonl')
    File.write(file, (0...12).map do |n|
      event = { source: 'plan', id: n.to_s, occurred_at: '2026-03-02T09:00:00Z', item: 'plan:A', odd: 'x' * 400_000 }
      "#{JSON.generate(event)}\n"
    end.join)
    path = File.join(folder, 'record')
    stream = Vsm::ValueStream.open(path)
    run = stream.ingest_path(Vsm::Adapter::EVENTS, file, Vsm::IngestOptions.new, Enough.new)
    equal [true, stream.event_count], [run.cancelled, run.report.applied.accepted]
    equal path, refused(Vsm::VsmError::Storage) { Vsm::ValueStream.open(path) }.path
    equal 12, stream.ingest_path(Vsm::Adapter::EVENTS, file).report.applied.then { |it| it.accepted + it.duplicates }
    seal = stream.seal
    stream.close_store
    again = Vsm::ValueStream.open(path, Vsm::StoreOptions.new(read_only: true))
    equal [12, 0], [again.recovery.events, again.verify(seal).faulty]
    again.close_store
  end
end

test 'the README runs and prints what it says' do
  readme = File.read(File.join(ROOT, 'vsm-ffi/README.md'))
  program = readme[/```ruby\n(.*?)```/m, 1]
  usual = $stdout
  begin
    $stdout = StringIO.new
    eval(program, TOPLEVEL_BINDING.dup) # rubocop:disable Security/Eval
    printed = $stdout.string
  ensure
    $stdout = usual
  end
  equal readme[/```text\n(.*?)```/m, 1], printed
end

def ship_date(*arguments)
  printed, told, status = Open3.capture3(RbConfig.ruby, '-I', $LOAD_PATH.first, SHIP_DATE, *arguments)
  # The page is UTF-8, whatever the locale of the tests.
  [printed.force_encoding('UTF-8'), told, status.exitstatus]
end

test 'the example prints the page and facts of the next mobile release' do
  printed, told, status = ship_date
  equal ['', 0], [told, status]
  page, facts = printed.split("\nMobile 4.13.0 ships on 2026-03-17\n")
  equal "Mobile 4.13.0 of Mobile banking (iPhone), as of Wed 2026-03-04 (Europe/Zurich)\n", page.lines.first
  stages = %w[system_test user_acceptance pre_production production]
  equal stages.map { |stage| "#{stage}: not_ready" }, facts.lines.first(4).map { |line| line.split(', ').first }
  unmet = facts.lines.drop(4)
  equal true, page.include?("What is missing (#{unmet.size})\n")
  equal true, unmet.include?("Priya Raman: scope_done of jira:CHK-28\n")
end

test 'the example names the record that could not be read' do
  Dir.mktmpdir do |folder|
    File.write("#{folder}/plan.jsonl", <<~LINES)
      {"source":"plan","id":"1","occurred_at":"2026-03-02T09:00:00Z","item":"app:mobile-banking"}
      no event
    LINES
    sources = [{ file: 'plan.jsonl', adapter: 'events', options: {} }]
    manifest = { now: '2026-03-04T09:00:00.000Z', zone: 'UTC', correlation: {}, sources: sources }
    File.write("#{folder}/vsm.json", JSON.generate(manifest))
    printed, told, status = ship_date(folder)
    equal ['', 1], [printed, status]
    equal true, told.start_with?('plan.jsonl:2: ')
    equal true, told.end_with?("app:mobile-banking has no open release\n")
  end
end

puts "#{$passed} passed, #{$failed} failed"
exit($failed.zero? ? 0 : 1)
